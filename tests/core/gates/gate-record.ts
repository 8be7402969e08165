import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { parseEvent, type SessionEvent } from '../../../src/core/session/events/events.ts';
import { isLost } from '../../../src/core/session/folder/session-list.ts';
import type { SessionView } from '../../../src/core/session/folder/session-view.ts';
import { refNameOf } from '../../../src/core/session/layout/names.ts';
import { iterationPaths } from '../../../src/core/session/layout/paths.ts';
import { eventually } from '../../support/eventually.ts';
import type { SessionRig } from '../../support/session-rig.ts';
import { endOfWorker } from '../../support/supervisors.ts';
import type { Cheat, Level, PlayedCase } from './cheat.ts';

/** The log and the readers' state at one moment: a worker that starts in between adds an event. */
export async function readOnce(rig: SessionRig): Promise<{ all: SessionEvent[]; view: SessionView }> {
  return await eventually(
    async () => {
      const all = await honestLog(rig);
      const view = await rig.view();
      return view.state.n === all.length && { all, view };
    },
    { what: 'readers that see as many events as the log has' },
  );
}

export async function expectLost(rig: SessionRig): Promise<void> {
  await eventually(async () => isLost(await rig.view()), { what: 'a lost session' });
  await endOfWorker(rig);
  expect(await rig.processesWithMark(), 'no process is left running').toEqual([]);
  expect((await rig.view()).problems.join(' ')).toContain('events.jsonl.rewritten');
  await expect(rig.resume(), 'no act changes it').rejects.toMatchObject({ code: 'session_lost' });
  const kept = ['for-each-ref', '--format=%(refname)', `refs/samocode/${refNameOf(rig.file)}`];
  expect(await rig.repo.git(kept), 'the work is kept').not.toBe('');
}

/** Every line of the log is an event, numbered from 1 without gaps. */
async function honestLog(rig: SessionRig): Promise<SessionEvent[]> {
  const lines = (await readFile(rig.paths.events, 'utf8')).split('\n');
  expect(lines.pop(), 'the log ends with a whole line').toBe('');
  const events = lines.map(parseEvent).map((reading) => (reading.kind === 'event' ? reading.event : reading));
  expect(
    events.filter((event) => !('type' in event)),
    'the log contains no foreign line',
  ).toEqual([]);
  const whole = events.filter((event): event is SessionEvent => 'type' in event);
  expect(
    whole.map(({ n }) => n),
    'the events are numbered from 1',
  ).toEqual(whole.map((_, index) => index + 1));
  return whole;
}

/** Each case was played, and its outcome is recorded; if others are played with it, it was refused itself. */
export function expectPlayed(
  cheats: readonly Cheat[],
  { since, level, played = '' }: { since: readonly SessionEvent[]; level: Level; played: string | undefined },
): void {
  const cases: PlayedCase[] = played
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const failed = cases.flatMap(({ name, end, said }) => (end === 'failed' ? [`${name}: ${said}`] : []));
  expect(failed, "the case was played, and samocode's programs refused it").toEqual([]);
  const record = since.map((event) => JSON.stringify(event)).join('\n');
  for (const cheat of cheats) {
    const { name, seen, seenWithoutGuard } = cheat;
    if (seen) expect(record, name).toMatch(seen);
    if (level === 'none' && seenWithoutGuard) expect(record, name).toMatch(seenWithoutGuard);
  }
  if (cheats.length > 1) expect(cases.map(({ name }) => name)).toEqual(cheats.map(({ name }) => name));
  const refusals = new Map(
    since.flatMap((event) => (event.type === 'command_refused' ? [[event.id, JSON.stringify(event)]] : [])),
  );
  const open = cases.filter(({ end, commands }, index) => {
    const { together, seenWithoutGuard: pattern } = cheats[index] ?? {};
    if (together?.[level] === 'refused') return end !== 'refused';
    return together?.[level] === 'commands' && !commands.every((id) => pattern?.test(refusals.get(id) ?? ''));
  });
  expect(open, 'cases that nothing refused').toEqual([]);
}

/** Each forgery of the case is in the prompt of the next agent. */
export async function expectReported(
  rig: SessionRig,
  since: readonly SessionEvent[],
  started: readonly SessionEvent[],
): Promise<void> {
  for (const event of since) {
    if (event.type !== 'forgery_seen') continue;
    const next = started.find((later) => later.n > event.n);
    if (next?.type !== 'iteration_started') throw new Error('No agent started after the forgery.');
    const prompt = await readFile(iterationPaths(rig.paths, next.iteration).prompt, 'utf8');
    expect(prompt, 'the prompt of the next agent reports it').toContain(event.what);
  }
}
