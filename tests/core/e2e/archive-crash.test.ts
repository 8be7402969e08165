import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SessionEvent } from '../../../src/core/session/events/events.ts';
import { serialiseEvent } from '../../../src/core/session/events/events.ts';
import { ci } from '../../support/ci.ts';
import { startRig } from '../../support/session-rig.ts';
import { endOfWorker } from '../../support/supervisors.ts';

test(
  'if a worker dies after recording an archiving, a resume moves the documents, and another continues the session',
  ci,
  async () => {
    await using rig = await startRig({ at: 'asking' });
    await rig.stop();
    await endOfWorker(rig);
    const [dive = ''] = (await readdir(rig.paths.sessionDir)).filter((name) => name.includes('-dive-'));
    const { n, lease } = await rig.state();
    const by = { channel: 'cli' };
    const work = { kind: 'documents', by, moved: [dive], kept: [], to: '_archive/x' };
    const body = { type: 'finish_asked', work };
    const event = { v: 2, n: n + 1, at: new Date().toISOString(), lease, ...body } as SessionEvent;
    await appendFile(rig.paths.events, serialiseEvent(event));
    const path = join(rig.paths.leases, `${String(lease).padStart(6, '0')}.json`);
    const { releasedAt: _left, ...died } = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify(died));
    await rig.resume();
    await endOfWorker(rig);
    expect(await readdir(join(rig.paths.archive, 'x'))).toEqual([dive]);
    expect((await rig.state()).status.kind).toBe('stopped');
    await rig.resume();
    await rig.untilWaiting('qa_answers');
  },
);
