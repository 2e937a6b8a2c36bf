/// The command `status`: asks every part of a running system and reports its state.
///
/// [StatusQuestions] asks all parts at the same time: [RelayPart], [KafkaPart], [InvalidatorPart],
/// [RedisPart] and [ApiPart]. Each answers with a [PartStatus] in time or is said to be unknown.
/// [SystemStatus] sees them together, [AuditPart] adds what audits found, and [Status] prints it.
///
/// It changes nothing, and no part can hold up another.
@NullMarked
package dev.tidemark.operator.status;

import org.jspecify.annotations.NullMarked;
