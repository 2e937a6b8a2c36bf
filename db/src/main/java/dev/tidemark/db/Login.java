package dev.tidemark.db;

/// A role that a service logs in as, with the variable that gives its password to `migrate`.
enum Login {
  API("tidemark_api", "TIDEMARK_DB_API_PASSWORD"),
  RELAY("tidemark_relay", "TIDEMARK_DB_RELAY_PASSWORD"),
  AUDIT("tidemark_audit", "TIDEMARK_DB_AUDIT_PASSWORD");

  private final String role;
  private final String variable;

  Login(String role, String variable) {
    this.role = role;
    this.variable = variable;
  }

  String role() {
    return role;
  }

  String variable() {
    return variable;
  }
}
