import { dirname, join } from 'node:path';
import { type Repetition, repeatClaims } from '../../../core/acts/proof/repeat-claims.ts';
import { verdictWords } from '../../../core/acts/proof/repetition-words.ts';
import { systemClock } from '../../../core/kernel/clock.ts';
import { gitLine } from '../../../core/project/git/git.ts';
import { runOnClone } from '../../../core/project/proving/run-on-clone.ts';
import { code } from '../../../core/session/proof/proof.ts';
import { baseCommands } from './base-commands.ts';
import { EVENT_ERRORS } from './event-errors.ts';
import { BASE_REF, repositoryFolder } from './fetch-work.ts';
import { readEvent } from './read-event.ts';
import { addSummary, environmentOfChecks, type Runner, setOutputs } from './runner.ts';
import { repetitionSummary } from './summary.ts';

/**
 * Repeats the proof in the description of a pull request with the commands of its base branch, and reports the result.
 * @returns whether nothing differs
 */
export async function repeatWork(runner: Runner): Promise<boolean> {
  const { head, baseBranch, text } = readEvent(runner);
  const commands = await baseCommands(baseBranch, runner);
  const mainRepo = repositoryFolder(runner);
  const git = { baseEnv: runner.env };
  const base = await gitLine(['rev-parse', `${BASE_REF}${baseBranch}`], { ...git, cwd: mainRepo });
  const env = environmentOfChecks(runner);
  const folder = dirname(mainRepo);
  const run = async (commit: string, checks: readonly string[]) => {
    const set = {
      name: 'clone',
      mainRepo,
      commit,
      branch: 'samocode-proof',
      base,
      commands: checks,
      proving: { setup: commands.setup, copy: [], timeoutMs: commands.timeoutMs },
      scratch: join(folder, 'scratch'),
      outputDir: join(folder, 'outputs'),
      outputRoot: folder,
      signal: runner.signal,
      begins: (command: string) => runner.log(`running ${command}`),
      placeIn: () => ({ env }),
    };
    const cloneFailed = (problem: string) => EVENT_ERRORS.work_not_cloned({ problem });
    const end = await runOnClone(set, { clock: systemClock, context: git }, cloneFailed);
    for (const { command, how, lastLines } of end.failures) runner.log(`${command}: ${how}\n${lastLines}`);
    return end;
  };
  const repetition = await repeatClaims({ mainRepo, git, head, base, text }, commands, run);
  report(repetition, baseBranch, runner);
  return repetition.result !== 'differs';
}

function report(repetition: Repetition, baseBranch: string, runner: Runner): void {
  runner.log(verdictWords(repetition, code));
  addSummary(runner, repetitionSummary(repetition, baseBranch));
  setOutputs(runner, { result: repetition.result, commit: repetition.commit });
}
