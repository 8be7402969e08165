/**
 * The acts that a reader can take next, as data: the server renders one as a tool call, the CLI as a command line.
 * An act is named after its effect, not after a tool.
 */
export const ACTS = [
  'answer_questions',
  'archive',
  'begin_round',
  'unarchive',
  'decide_plan',
  'doctor',
  'finish',
  'follow',
  'import_with_log',
  'list',
  'read_status',
  'make_report',
  'message',
  'name_project',
  'read_answers',
  'read_changes',
  'read_document',
  'raise_limits',
  'read_plan',
  'read_risky_lines',
  'request_changes',
  'resume',
  'rewind',
  'set_up',
  'start',
  'stop',
  'take_over',
  'trust',
  'verify',
  // Acts outside of samocode.
  'change_file',
  'clear_the_way',
  'do_what_it_asks',
  'fix_problems',
  'settle_blocker',
  'read_summary',
  'report',
] as const;
export type Act = (typeof ACTS)[number];

export interface NextStep {
  act: Act;
  session?: string;
  /** Input under the names of the tools (`goal`, `how`, …); TO_FILL for a value that only the reader knows. */
  args?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Only under this condition, as the beginning of a sentence: "once it runs". */
  when?: string;
  /** Only if the user wants it: a model asks first, a person at a terminal decides by typing it. */
  ifWanted?: true;
  /** The only channels that may take it; absent: each. */
  by?: readonly string[];
}

/** A value that only the reader knows. */
export const TO_FILL = '…';
