import { listed, visibleControls } from '../../base/plain-words.ts';
import { type CodeEdits, judgeCodeEdits } from '../../phases/code-edits.ts';
import { GRANTS } from '../../phases/grants.ts';
import { changedPathsSince } from '../../project/worktrees/changes.ts';
import type { NewEvent } from '../../session/events/events.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { type Snapshot, snapshotBefore } from '../guarding/snapshot.ts';

export interface NoticedEdits {
  codeEdits?: CodeEdits;
  events: NewEvent[];
}

/**
 * Notices code that an agent of investigation, requirements or planning changed, committed or not. Nothing is undone and
 * nothing is held up: what can't be compared is not noticed.
 */
export async function noticeCodeEdits(
  worker: Worker,
  open: OpenIteration,
  after: Snapshot,
): Promise<NoticedEdits> {
  const { phase, iteration } = open;
  const { codeEdits: earlier } = stateOf(worker);
  if (GRANTS[phase] !== 'documents') return { events: [] };
  const tree = (await snapshotBefore(worker, open))?.worktree?.tree;
  const head = after.worktree?.tree;
  if (tree === undefined || head === undefined) return { codeEdits: earlier, events: [] };
  if (tree === head && earlier === undefined) return { events: [] };
  const options = { ...worker.git.context, cwd: worker.file.mainRepo, head };
  try {
    const [changed = [], differing = []] = await changedPathsSince([tree, earlier?.tree ?? tree], options);
    const codeEdits = judgeCodeEdits(earlier, { phase, iteration, tree, changed, differing });
    return { codeEdits, events: notice(phase, codeEdits, earlier) };
  } catch {
    return { codeEdits: earlier, events: [] };
  }
}

const MOST_NAMED = 10;

function notice(phase: string, { paths = [] }: Partial<CodeEdits> = {}, earlier?: CodeEdits): NewEvent[] {
  const files = paths.filter((path) => !earlier?.paths.includes(path));
  if (files.length === 0) return [];
  const text = `Code changed in ${phase}, which only writes documents: ${listed(files.map(visibleControls), MOST_NAMED)}`;
  return [{ type: 'notice', code: 'code_edited', text, flow: text }];
}
