package dev.tidemark.service.status;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;

/// Form of a state in JSON: an object with the names of the record's components. One that is empty
/// is left out.
public final class StatusJson {

  private static final ObjectMapper mapper =
      JsonMapper.builder()
          .addModule(new Jdk8Module())
          .defaultPropertyInclusion(
              JsonInclude.Value.construct(
                  JsonInclude.Include.NON_ABSENT, JsonInclude.Include.ALWAYS))
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build()
          .setDefaultSetterInfo(JsonSetter.Value.forValueNulls(Nulls.AS_EMPTY));

  private StatusJson() {}

  public static byte[] write(ServiceReport report) {
    try {
      return mapper.writeValueAsBytes(report);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("the status could not be written as JSON", e);
    }
  }

  /// Returns the record in the same form.
  public static JsonNode tree(Record state) {
    return mapper.valueToTree(state);
  }

  /// Returns the whole text, with what no record here has.
  ///
  /// @throws JsonProcessingException when it is not JSON
  public static JsonNode parse(String text) throws JsonProcessingException {
    return mapper.readTree(text);
  }

  /// Returns the part of it that this version knows.
  ///
  /// @throws JsonProcessingException when it is not a service's state
  public static <T extends ServiceReport> T read(JsonNode told, Class<T> kind)
      throws JsonProcessingException {
    return mapper.treeToValue(told, kind);
  }
}
