/// The database: its tables, partitions, roles and publication as migrations, the program that
/// applies them, and where it is. Beside that, what all services read of their environment alike:
/// secrets, and the settings of Kafka's clients.
@NullMarked
package dev.tidemark.db;

import org.jspecify.annotations.NullMarked;
