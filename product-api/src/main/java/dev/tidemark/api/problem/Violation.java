package dev.tidemark.api.problem;

/// A rule that an input breaks, and the field that breaks it. The field is empty where it is the
/// input as a whole.
public record Violation(String field, String rule) {}
