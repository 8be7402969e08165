import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { SessionEvent } from '../../../src/core/session/events/events.ts';
import type { SessionView } from '../../../src/core/session/folder/session-view.ts';
import { sessionPaths } from '../../../src/core/session/layout/paths.ts';
import { readEvents } from '../../../src/core/session/log/event-log.ts';
import { type Bench, makeBench } from '../../support/bench.ts';
import { eventually } from '../../support/eventually.ts';

const CORPUS = resolve('tests/fixtures/legacy-sessions');

/** A recorded folder of the original tool, in a separate project. */
export async function oldFolder(folder: string, lines?: Readonly<Record<string, string>>): Promise<Bench> {
  const bench = await makeBench({ here: true, lines });
  await cp(join(CORPUS, folder), join(bench.sessionsDir, folder), { recursive: true });
  return bench;
}

export const FOLDER = '26-02-01-boat';

/** A folder of the name above, with these files. */
export async function madeFolder(
  files: Readonly<Record<string, string>>,
  lines?: Readonly<Record<string, string>>,
): Promise<Bench> {
  const bench = await makeBench({ here: true, lines });
  for (const [name, text] of Object.entries(files)) {
    const path = join(bench.sessionsDir, FOLDER, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  return bench;
}

export const overviewAt = (phase: string) =>
  `# Session: boat\n\n## Task\nTeach the boat to float.\n\n## Status\nPhase: ${phase}\nBlocked: no\n\n## Flow Log\n`;
export const QA =
  '# Q&A: boat\n\n### Q1: Which?\nA) this\nB) that\n**Suggestion:** A - it floats\n**Answer:** _waiting_\n';
export const PLAN_NAME = '02-01-1000-plan-boat.md';
export const PLAN = '# Plan: Boat\n\n## Implementation Phases\n\n### Phase 1: hull\n- [ ] one\n';

export async function eventsOf({ sessionsDir }: Bench, folder: string): Promise<SessionEvent[]> {
  return await readEvents(sessionPaths(sessionsDir, folder), 0);
}

/** The decisions about the gates, each in a word or two, up to the first agent. */
export function decisions(events: readonly SessionEvent[]): string[] {
  const first = events.findIndex(({ type }) => type === 'iteration_started');
  return events.slice(0, first === -1 ? undefined : first + 1).flatMap((event) => {
    switch (event.type) {
      case 'parked':
        return [`waits for ${event.for}`];
      case 'answers_recorded':
        return [`answers by ${event.by.channel}`];
      case 'plan_approved':
        return [`plan approved by ${event.by.channel}`];
      case 'changes_requested':
        return [`changes by ${event.by.channel}`];
      case 'iteration_started':
        return [`${event.phase} runs`];
      default:
        return [];
    }
  });
}

/** Waits until the session waits, is blocked or done, or an agent has started. */
export async function atGateOrRunning(bench: Bench, folder: string): Promise<SessionView> {
  return await eventually(async () => {
    const view = await bench.view(folder);
    const { kind } = view.state.status;
    const rests = kind !== 'starting' && kind !== 'running' && kind !== 'queued';
    return rests || view.state.openIteration !== undefined ? view : undefined;
  });
}

/** Waits until an agent has started. @returns the decisions before that */
export async function untilAgent(bench: Bench, folder: string): Promise<string[]> {
  return await eventually(async () => {
    const made = decisions(await eventsOf(bench, folder));
    return made.at(-1)?.endsWith(' runs') ? made : undefined;
  });
}
