import { expect, test } from 'vitest';
import { startSession } from '../../src/actions/sessions/start-session.ts';
import { endSessionsBelow } from '../support/live-session.ts';
import { startRig } from '../support/session-rig.ts';
import { type Behaviour, fakeBwrap, NO_NAMESPACES } from './fake-bwrap.ts';

// Where the machine gives no guard when a session is to begin.

const WHY: Array<[Behaviour, string]> = [
  ['refused', NO_NAMESPACES],
  ['hangs', 'did not answer'],
];

test.concurrent.each(WHY)(
  'with SANDBOX=auto and a bubblewrap of the kind "%s" a session begins without a guard, and says why',
  async (behaviour, why) => {
    using fake = fakeBwrap(behaviour);
    await using rig = await startRig({ sandbox: 'auto', start: { run: false } });
    const context = rig.context();
    const env = { ...context.env, ...fake.env };
    try {
      const { view, warnings } = await startSession(
        { task: 'Paint every boat', run: false },
        { ...context, env },
      );
      expect(view.state.sandbox).toBe('none');
      expect(warnings[0]).toContain('Agents run without the guard');
      expect(warnings[0]).toContain(why);
    } finally {
      await endSessionsBelow(rig.file.sessionsDir, context.host);
    }
  },
);

test.concurrent.each(WHY)(
  'with SANDBOX=guard and a bubblewrap of the kind "%s" nothing is begun',
  async (behaviour, why) => {
    using fake = fakeBwrap(behaviour);
    const beginning = startRig({ sandbox: 'guard', firstEnv: fake.env });
    await expect(beginning).rejects.toMatchObject({
      code: 'guard_unavailable',
      message: expect.stringContaining(why),
    });
  },
);
