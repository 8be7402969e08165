import { mkdir, writeFile } from 'node:fs/promises';
import type { SessionFile } from '../../src/core/session/events/bodies/session-file.ts';
import type { SessionEvent } from '../../src/core/session/events/events.ts';
import { type SessionPaths, sessionPaths } from '../../src/core/session/layout/paths.ts';
import { cacheText, readLog } from '../../src/core/session/log/event-log.ts';
import { plainLog, textOf } from './event-samples.ts';
import { makeProject, type TempProject } from './project.ts';
import { sessionFileSample } from './session-file-sample.ts';

const EVENTS = 91;

/** A project with so many sessions of thirty iterations, without workers: each fourth asks, the others are done. */
export async function preparedSessions(count: number): Promise<TempProject> {
  const project = await makeProject();
  for (let index = 0; index < count; index += 1) await layOne(project, index);
  return project;
}

async function layOne(project: TempProject, index: number): Promise<void> {
  const end =
    index % 4 === 0
      ? {
          type: 'parked',
          for: 'qa_answers',
          resumePhase: 'requirements',
          openQuestions: ['Q1'],
          unconfirmed: [],
        }
      : { type: 'done', summary: 'All of it' };
  await laySession(project, index, [
    ...plainLog(EVENTS),
    // Envelope and body belong together, which the spread's own type can't follow.
    { v: 2, n: EVENTS + 1, at: '2026-01-09T10:00:00.000Z', lease: 1, ...end } as SessionEvent,
  ]);
}

/**
 * Writes the files of the session with this number, whose log begins with its creation.
 * @param settings in which it differs from the sample
 */
export async function laySession(
  { repo, sessionsDir }: TempProject,
  index: number,
  [first, ...rest]: readonly SessionEvent[],
  settings: Partial<SessionFile['settings']> = {},
): Promise<{ paths: SessionPaths; file: SessionFile }> {
  const folder = `26-01-08-boat-number-${String(index).padStart(4, '0')}-of-the-fleet`;
  const id = `01KEE${String(index).padStart(21, '0')}`;
  const paths = sessionPaths(sessionsDir, folder);
  const made = sessionFileSample({ id, folder, sessionsDir, mainRepo: repo.path });
  const sample = { ...made, settings: { ...made.settings, ...settings } };
  const events = [{ ...first, sessionId: id, file: sample }, ...rest] as SessionEvent[];
  await mkdir(paths.runDir, { recursive: true });
  await mkdir(paths.sessionDir, { recursive: true });
  await writeFile(paths.events, textOf(events));
  await writeFile(paths.sessionFile, JSON.stringify(sample));
  await writeFile(paths.overview, `# Session: ${folder}\n`);
  const log = await readLog(paths);
  if (log) await writeFile(paths.state, cacheText(log));
  return { paths, file: sample };
}
