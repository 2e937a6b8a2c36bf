package dev.tidemark.service.program;

import dev.tidemark.service.settings.Setting;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Model.UsageMessageSpec;

/// The section of `--help` for the settings of a program, or of a command.
public final class SettingsHelp {

  private static final String SECTION = "settings";
  private static final String HEADING = "%nSettings, from the environment:%n";

  private SettingsHelp() {}

  /// Adds the section after the options and commands.
  public static CommandLine add(CommandLine command, List<? extends Setting<?>> settings) {
    Map<String, String> entries = new LinkedHashMap<>();
    settings.forEach(setting -> entries.put(setting.label(), setting.help()));
    List<String> sections = new ArrayList<>(command.getHelpSectionKeys());
    sections.add(sections.indexOf(UsageMessageSpec.SECTION_KEY_EXIT_CODE_LIST_HEADING), SECTION);
    command.setHelpSectionKeys(sections);
    command
        .getHelpSectionMap()
        .put(SECTION, help -> help.createHeading(HEADING) + help.createTextTable(entries));
    return command;
  }
}
