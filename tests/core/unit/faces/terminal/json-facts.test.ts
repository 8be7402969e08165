import { expect, test } from 'vitest';
import { systemClock } from '../../../../../src/core/kernel/clock.ts';
import type { NewEvent } from '../../../../../src/core/session/events/events.ts';
import { readSession } from '../../../../../src/core/session/folder/read-session.ts';
import { recordedFile } from '../../../../../src/core/session/log/read-session-file.ts';
import { statusSentence } from '../../../../../src/core/session/words/words.ts';
import { changePoolFile } from '../../../../../src/extensions/pool/pool-file.ts';
import { typed } from '../../../../app/unit/cli/typed.ts';
import { makeServerRig } from '../../../../app/unit/server/server-rig.ts';
import { HAS_EXTENSIONS } from '../../../../support/has-extensions.ts';
import { DIED, STARTED } from '../../../../support/work-events.ts';
import { CREATED, DONE, LEFT, PREPARED } from '../../session/events.ts';

const BY = { channel: 'cli' } as const;

test('a status mentions a crash loop, a silent agent and a requested stop', async () => {
  await using serverRig = await makeServerRig();
  const silent = { type: 'notice', code: 'stalled', text: 'It seems stalled.' } as const;
  const stop = { type: 'stop_requested', by: BY, when: 'after_iteration' } as const;
  const events = [CREATED, PREPARED, STARTED, DIED, DIED, DIED, silent, stop];
  await serverRig.addSession('26-01-08-boat', events, { startMs: systemClock.now() });
  const place = { cwd: serverRig.repo.path, home: serverRig.repo.homeDir };
  const { stdout } = await typed(['status', 'boat'], place);
  expect(stdout).toMatch(/running for \d+ s, stops after this iteration/);
  expect(stdout).toContain('its agent seems stalled');
  expect(stdout).toContain('Its worker has ended 3 times in 10 minutes');
  const facts = JSON.parse((await typed(['status', 'boat', '--json'], place)).stdout);
  expect(facts).toMatchObject({ stalled: true, stops: 'after_iteration', needs_human: true });
  expect((await typed(['list'], place)).stdout).toMatch(/^26-01-08-boat\t.*\tneeds you\t/m);
});

test('status and log name the machines of a pool that worked on a session', async () => {
  await using serverRig = await makeServerRig();
  const took = (host: string): NewEvent => ({ ...DIED, previous: 'released', host });
  const again: NewEvent = { ...STARTED, iteration: 2, log: 'y.jsonl' };
  const idle = [took('idle'), took('studio')];
  const events = [CREATED, took('mini'), PREPARED, STARTED, ...idle, again, DONE];
  const paths = await serverRig.addSession('26-01-08-boat', events, { startMs: systemClock.now() });
  const place = { cwd: serverRig.repo.path, home: serverRig.repo.homeDir };
  expect((await typed(['status', 'boat'], place)).stdout).toMatch(/^ +worked on +mini, studio$/m);
  const { stdout } = await typed(['log', 'boat', '--iteration', '1'], place);
  expect(stdout).toContain('It ran on mini, which has the whole log; at most its newest 256 kB are here.');
  // Which of them is this one, pools know.
  if (!HAS_EXTENSIONS) return;
  const config = (await recordedFile(paths))?.configPath ?? '';
  const membership = { id: '1', name: 'studio', project: '', config, remote: '', prefix: '' };
  await changePoolFile(serverRig.context, (file) => ({ ...file, pools: [membership] }));
  expect((await typed(['log', 'boat', '--iteration', '2'], place)).stdout).not.toContain('It ran on');
});

test('the first step for an archived session is to restore it', async () => {
  await using serverRig = await makeServerRig();
  const archived: NewEvent = { type: 'archived', by: BY, what: 'session', moved: [], to: '_archive' };
  await serverRig.addSession('26-01-08-boat', [CREATED, PREPARED, DONE, archived, LEFT]);
  const place = { cwd: serverRig.repo.path, home: serverRig.repo.homeDir };
  const facts = JSON.parse((await typed(['status', 'boat', '--json'], place)).stdout);
  expect(facts).toMatchObject({ archived: true, state: 'done', next: 'samocode unarchive boat' });
  expect((await typed(['list', '--archived'], place)).stdout).toContain('in the archive');
});

test('status and sentence show a limit beyond the range of dates as the last possible date', async () => {
  await using serverRig = await makeServerRig();
  const limited = { type: 'limited', until: 9e15, guessed: false, provider: 'rehearsal' } as const;
  const at = { startMs: systemClock.now() };
  const paths = await serverRig.addSession('26-01-08-boat', [CREATED, PREPARED, limited], at);
  const place = { cwd: serverRig.repo.path, home: serverRig.repo.homeDir };
  const facts = JSON.parse((await typed(['status', 'boat', '--json'], place)).stdout);
  expect(facts).toMatchObject({ state: 'limited', until: '9999-12-31T23:59:59.999Z' });
  const view = await readSession(paths, serverRig.context.host);
  expect(view && statusSentence(view)).toContain('9999-12-31T23:59:59.999Z');
});

test('status, list and sentence show an outage with the times of the next attempt and of the question', async () => {
  await using serverRig = await makeServerRig();
  const outage = { kind: 'overloaded', asksAt: Date.UTC(2026, 0, 9, 3) } as const;
  const until = Date.UTC(2026, 0, 8, 15);
  const limited = { type: 'limited', until, guessed: true, provider: 'rehearsal', outage } as const;
  const at = { startMs: systemClock.now() };
  const paths = await serverRig.addSession('26-01-08-boat', [CREATED, PREPARED, limited], at);
  const place = { cwd: serverRig.repo.path, home: serverRig.repo.homeDir };
  const facts = JSON.parse((await typed(['status', 'boat', '--json'], place)).stdout);
  expect(facts).toMatchObject({
    state: 'limited',
    until: '2026-01-08T15:00:00.000Z',
    outage: 'overloaded',
    asks_at: '2026-01-09T03:00:00.000Z',
  });
  const words = [await typed(['status', 'boat'], place), await typed(['list'], place)];
  const outageText = 'the provider is overloaded; next try at 2026-01-08T15:00:00.000Z, asks';
  for (const { stdout } of words) {
    expect(stdout).toContain(`${outageText} you at 2026-01-09T03:00:00.000Z`);
    expect(stdout).not.toContain('usage limit');
  }
  const view = await readSession(paths, serverRig.context.host);
  expect(view && statusSentence(view)).toContain(`${outageText} the user at 2026-01-09T03:00:00.000Z`);
});

test('a session that has reached its limits shows the command that raises them', async () => {
  await using serverRig = await makeServerRig();
  const blocked: NewEvent = {
    type: 'blocked',
    phase: 'planning',
    reason: 'Used up.',
    needs: 'human_decision',
    rule: 'budget',
    next: [{ act: 'raise_limits', args: { usd: 9, hours: 5 } }],
  };
  await serverRig.addSession('26-01-08-boat', [CREATED, PREPARED, blocked]);
  const place = { cwd: serverRig.repo.path, home: serverRig.repo.homeDir };
  const { stdout } = await typed(['status', 'boat'], place);
  expect(stdout).toMatch(/next +samocode resume boat --max-cost-usd 9 --max-hours 5$/m);
});
