import type { CheckRun } from '../../kernel/phases/proving.ts';
import { iterationPaths } from '../../session/layout/paths.ts';
import { whileTakingCommands } from '../commands/while-taking-commands.ts';
import type { Evidence, TipOfBranch } from '../state/evidence.ts';
import { endChildTree } from '../state/processes.ts';
import { provingOf, stateOf } from '../state/worker.ts';
import { baseOfWork, commitWithTree, showChecking } from './check-facts.ts';
import { runInClone } from './run-in-clone.ts';

/** How often a check must have failed before the work, so that one that fails at times proves nothing. */
const TIMES = 2;

/**
 * Whether a check that passes on the branch fails on the commit where its work began: then a file without content, a
 * mode or white space can be the work. Asked only about a branch that changes nothing else.
 */
export async function turnsGreen(
  evidence: Evidence,
  { tip, iteration }: { tip: TipOfBranch; iteration: number },
): Promise<boolean> {
  const { worker } = evidence;
  const { worktree, baseChecks } = stateOf(worker);
  const base = baseOfWork(stateOf(worker));
  if (worktree === undefined || base === undefined || provingOf(worker).in === 'worktree') return false;
  if ((await commitWithTree(worker, base)).tree === tip.tree) return false;
  // Those may still fail on the branch.
  const accepted = baseChecks?.choice === 'leave' ? baseChecks.failed.map(({ command }) => command) : [];
  let commands = (await evidence.fullCommands()).filter((command) => !accepted.includes(command));
  for (let time = 1; time <= TIMES && commands.length > 0; time += 1) {
    showChecking(worker, 'the commit where the work began');
    const set = { name: `before-${time}`, commit: base, commands, worktree, iteration };
    const { runs } = await whileTakingCommands(worker, async (signal) => {
      try {
        const outputDir = iterationPaths(worker.paths, iteration).checks;
        return await runInClone(worker, {
          ...set,
          proving: provingOf(worker),
          mark: worker.file.id,
          outputDir,
          signal,
        });
      } finally {
        await endChildTree(worker, undefined, { leftoversOnly: true });
      }
    });
    commands = runs.filter(failsItself).map(({ command }) => command);
  }
  return commands.length > 0;
}

/** It ran and found something: a program that is not there, or a SETUP that fails, says nothing about the work. */
function failsItself({ exitCode, isSetup, how }: CheckRun): boolean {
  return how !== undefined && !isSetup && exitCode !== null && exitCode !== 126 && exitCode !== 127;
}
