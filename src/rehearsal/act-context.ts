import type { Clock } from '../base/clock.ts';
import type { ClaudeLines } from './claude-lines.ts';
import type { Scenario, ScenarioAct } from './scenario.ts';
import type { Situation, Words } from './situation.ts';

/** What the acts of one iteration work with. */
export interface ActContext {
  situation: Situation;
  scenario: Scenario;
  /** Absolute path of the scenario; script acts are found beside it. */
  scenarioPath: string;
  /** Read when an act needs them: difficult agents shall not start git. */
  words(): Promise<Words>;
  lines: ClaudeLines;
  clock: Clock;
  /** What commands and scripts inherit. */
  env: Readonly<Record<string, string>>;
  /** Whether honest work leaves a signal, and a final line. */
  signals: boolean;
  results: boolean;
  /** Files of the worktree that this iteration has edited, and documents that it has written. */
  edited: Set<string>;
  documents: Set<string>;
  /** Resolves when the text has left the process. */
  write(text: string, to: 'stdout' | 'stderr'): Promise<void>;
  /** Makes the process deaf to TERM, INT and HUP. */
  ignoreTerm(): void;
}

export type Named<Name extends ScenarioAct['act']> = Extract<ScenarioAct, { act: Name }>;

/** How acts are done; each gives an exit code when it ends the process. */
export type Acts<Name extends ScenarioAct['act']> = {
  readonly [Each in Name]: (act: Named<Each>, context: ActContext) => unknown;
};
