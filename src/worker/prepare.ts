import { join } from 'node:path';
import { isSamocodeError, SamocodeError } from '../base/errors.ts';
import type { Phase } from '../phases/table.ts';
import { resolveBase } from '../project/base-commit.ts';
import { START } from '../project/checkpoint-refs.ts';
import { ensureWorktree } from '../project/worktree.ts';
import { inferPhase } from '../session/legacy.ts';
import { readOverview } from '../session/overview.ts';
import { blockedEvent } from './blocked.ts';
import { documentNames, readDocument } from './documents.ts';
import { keepWork, notKept } from './keep-work.ts';
import { noteSetupDue, setUpOnce } from './setup-once.ts';
import { isStopDue, stopEvents } from './stopped.ts';
import { record, type Worker } from './worker.ts';

/**
 * Does the work of the init phase: a fetch, the worktree on its branch, SETUP. No model is needed; what
 * a person must mend blocks the session with the reason.
 */
export async function prepare(worker: Worker): Promise<void> {
  const { file } = worker;
  const { settings, mainRepo } = file;
  try {
    const git = worker.git.context;
    const base = await resolveBase({
      mainRepo,
      ...git,
      ...(settings.base !== undefined && { base: settings.base }),
    });
    const worktreePath = join(file.worktreesDir, file.folder);
    await noteSetupDue(worker, worktreePath);
    const worktree = await ensureWorktree({
      mainRepo,
      worktreePath,
      branch: settings.branch,
      baseCommit: base.commit,
      ...git,
    });
    const { path, branch, baseCommit } = worktree;
    const setup = await setUpOnce(worker, worktree);
    // A stop that has its event already must not be followed by one that goes on.
    if (setup.kind === 'stopped' || isStopDue(worker)) {
      await record(worker, ...stopEvents(worker));
      return;
    }
    const warnings = [...(base.warning === undefined ? [] : [base.warning]), ...setup.warnings];
    const where = await standing(worker);
    await worker.git.look(path);
    await record(worker, {
      type: 'prepared',
      ...where,
      worktree: { path, branch, base: base.name, baseCommit },
      warnings,
      flow: `Worktree ready: branch ${branch} from ${base.name} -> ${path}`,
    });
    for (const text of warnings) await record(worker, { type: 'notice', code: 'prepare', text });
    if (where.totalIterations === undefined) {
      await record(worker, ...notKept(await keepWork(worker, START)));
    }
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    const { message: reason, code: rule } = error;
    const block = blockedEvent({ phase: 'init', reason, needs: 'error_resolution', rule });
    await record(worker, block);
  }
}

/** A new session begins with the investigation; an adopted one goes on where its notebook says. */
async function standing(worker: Worker): Promise<{ phase: Phase; totalIterations?: number }> {
  if (!worker.file.adopted) return { phase: 'investigation' };
  const [overview, history] = await Promise.all(
    [worker.paths.overview, worker.paths.history].map(readDocument),
  );
  const inferred = inferPhase({ overview, history, fileNames: documentNames(worker) });
  if ('question' in inferred) throw new PhaseUnknownError(inferred.question);
  const { totalIterations, iteration } = readOverview(overview ?? '');
  return { phase: inferred.phase, totalIterations: totalIterations ?? iteration ?? 0 };
}

class PhaseUnknownError extends SamocodeError {
  readonly code = 'phase_unknown';

  constructor(question: string) {
    super(
      'The session was not taken over.',
      question,
      'Write it as `Phase: …` under `## Status` in _overview.md, then resume.',
    );
  }
}
