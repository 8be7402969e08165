import paperBoat from '../../src/extensions/rehearsal/demo/paper-boat.json' with { type: 'json' };

/** The demo's repository: a small complete project whose tests pass and whose README names a missing feature. */
export const DEMO_FILES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(paperBoat.files).map(([path, lines]) => [path, lines.join('\n')]),
);

export const {
  /** The task of the demo. */
  task: DEMO_TASK,
  /** The work of the rehearsal agent there. */
  scenario: DEMO_SCENARIO,
} = paperBoat;
