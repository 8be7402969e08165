import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Way } from '../../../src/core/kernel/phases/table.ts';
import type { NewEvent, SessionEvent } from '../../../src/core/session/events/events.ts';
import { sessionPaths } from '../../../src/core/session/layout/paths.ts';
import type { ChangedPaths } from '../../../src/extensions/overlap/changed-paths.ts';
import { textOf } from '../../support/event-samples.ts';
import { makeProject, type TempProject } from '../../support/project.ts';
import { provedEvents } from '../../support/proved-events.ts';
import { sessionFileSample } from '../../support/session-file-sample.ts';
import { planned } from '../../support/work-events.ts';

export const OWN = '26-01-08-boats';
const NAME = '01-08-1000-plan-x.md';

export interface Laid {
  changed?: string[];
  /** In which the record of its changes differs. */
  record?: Partial<ChangedPaths>;
  /** After it is done. */
  more?: NewEvent[];
  way?: Way;
  /** It waits for the approval of this text. */
  plan?: string;
}

/** A project whose sessions are files: their workers have ended. */
export async function overlapScene() {
  const project = await makeProject();
  const baseCommit = await project.repo.git(['rev-parse', 'HEAD']);
  return {
    ...project,
    lay: (folder: string, laid: Laid) => layOne({ ...project, baseCommit }, folder, laid),
    async [Symbol.asyncDispose]() {
      await project.repo[Symbol.asyncDispose]();
    },
  };
}

async function layOne(
  { repo, sessionsDir, worktreesDir, baseCommit }: TempProject & { baseCommit: string },
  folder: string,
  { changed, record, more = [], way, plan }: Laid,
): Promise<void> {
  const paths = sessionPaths(sessionsDir, folder);
  const branch = `samocode/${folder.slice(9)}`;
  const at = { branch, base: 'main', baseCommit };
  const id = `01KEE${folder.replaceAll(/[^a-z]/g, '').padStart(21, '0')}`;
  const ofFile = sessionFileSample({ id, folder, mainRepo: repo.path, sessionsDir, worktreesDir });
  const proved = provedEvents({ ofFile }).map((event) =>
    event.type === 'prepared' ? { ...event, worktree: { ...at, path: join(worktreesDir, folder) } } : event,
  );
  const begun: SessionEvent[] = plan === undefined ? proved : proved.slice(0, 4);
  const further: NewEvent[] = [
    ...(way ? [{ type: 'way_chosen' as const, way }] : []),
    ...(plan === undefined ? [] : [planned(NAME, plan)]),
    ...more,
  ];
  const [last] = begun.slice(-1);
  const events = further.map((event, index) => ({ ...last, ...event, n: begun.length + index + 1 }));
  await mkdir(paths.runDir, { recursive: true });
  await mkdir(paths.sessionDir, { recursive: true });
  await writeFile(paths.events, textOf([...begun, ...(events as SessionEvent[])]));
  await writeFile(paths.sessionFile, JSON.stringify(ofFile));
  if (plan !== undefined) await writeFile(join(paths.sessionDir, NAME), plan);
  const kept = { v: 1, repo: repo.path, ...at, tip: 'ab', paths: changed, ...record };
  if (changed) await writeFile(paths.changedPaths, JSON.stringify(kept));
}
