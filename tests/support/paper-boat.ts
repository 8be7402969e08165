import paperBoat from '../../src/demo/paper-boat.json' with { type: 'json' };

/** The demo's repository: a whole little project whose tests pass and whose README names what it lacks. */
export const DEMO_FILES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(paperBoat.files).map(([path, lines]) => [path, lines.join('\n')]),
);

export const {
  /** The task that the demo hands over. */
  task: DEMO_TASK,
  /** What the rehearsed agent does there. */
  scenario: DEMO_SCENARIO,
} = paperBoat;
