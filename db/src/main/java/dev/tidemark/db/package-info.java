/// The database: its tables, partitions, roles and publication as migrations, the program that
/// applies them, and where it is.
@NullMarked
package dev.tidemark.db;

import org.jspecify.annotations.NullMarked;
