/// The whole system with one command: embedded servers and the services as processes of their own,
/// a sample catalogue, traffic, and a check of every key.
///
/// [Main] has the commands: [Up] brings up a `stack` and waits, `demo` sends traffic through one,
/// and `importing` sends a file to a running one by the `client`. The services are known here only
/// as programs to start and by what they answer.
@NullMarked
package dev.tidemark.devstack;

import org.jspecify.annotations.NullMarked;
