import { statsAt } from '../../base/files/look-at.ts';
import { type CheckPlace, runCheck } from '../../project/proving/run-check.ts';
import type { SetEnd } from '../../project/proving/run-on-clone.ts';
import { childEnvironment } from '../../providers/starting/environment.ts';
import { insideOf } from '../../providers/starting/make-guard.ts';
import { iterationPaths } from '../../session/layout/paths.ts';
import { provingOf, stateOf, type Worker } from '../core/worker.ts';

export interface WorktreeSet {
  set: 'fast' | 'full';
  iteration: number;
  commands: readonly string[];
  signal: AbortSignal;
  begins: CheckPlace['begins'];
}

/** Runs commands where the agent works, one after the other, until one of them removes that folder. */
export async function runInWorktree(
  worker: Worker,
  { set, iteration, commands, signal, begins }: WorktreeSet,
): Promise<SetEnd> {
  const cwd = stateOf(worker).worktree?.path ?? worker.file.mainRepo;
  const env = childEnvironment(worker.env, { sessionUlid: worker.file.id, iteration });
  const place = {
    ...{ cwd, env, ...insideOf(await worker.guard.guard(worker), env) },
    outputDir: iterationPaths(worker.paths, iteration).checks,
    outputRoot: worker.paths.runDir,
    timeoutMs: provingOf(worker).timeoutMs,
    ...{ signal, begins },
  };
  const end: SetEnd = { runs: [], failures: [] };
  for (const [at, command] of commands.entries()) {
    const { run, failure } = await runCheck(worker.clock, { command, name: `${set}-${at + 1}` }, place);
    const isGone = statsAt(cwd) === undefined;
    const how = isGone ? 'it removed the worktree' : run.how;
    end.runs.push({ ...run, how });
    if (failure !== undefined || isGone)
      end.failures.push({ outputPath: '', lastLines: '', ...failure, command, how: how ?? '' });
    if (isGone) break;
  }
  return end;
}
