/// The database: its tables, partitions, roles and publication as migrations, and the program that
/// applies them.
///
/// [Main] reads [Configuration], waits for the server, and runs [Migration]; then [RelaySlot] makes
/// the slot, and each [Login] gets its password. It knows no service: they find what they need
/// there.
@NullMarked
package dev.tidemark.db;

import org.jspecify.annotations.NullMarked;
