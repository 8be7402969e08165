import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { hookServer } from '../../../support/hook-server.ts';
import { startRig } from '../../../support/session-rig.ts';
import { noticedBy } from '../../../support/supervisors.ts';

test(
  'each step of a session is notified once, with its question, while another channel hangs',
  ci,
  async () => {
    await using hook = await hookServer();
    await using rig = await startRig({
      supervised: true,
      files: {
        'home/.config/samocode/.env': `NOTIFY_WEBHOOK_URL=${hook.url}\nNOTIFY_COMMAND=cat >>got; sleep 300\n`,
      },
      scenario: { rules: [] },
    });
    const kinds = () => hook.accepted.flatMap(({ notifications }) => notifications.map(({ kind }) => kind));
    const posts = (count: number) =>
      eventually(async () => kinds().length === count, { what: `post ${count}` });
    await rig.untilWaiting('qa_answers', { leaveDead: true });
    await posts(1);
    const [asked] = hook.accepted[0]?.notifications ?? [];
    expect(asked?.questions?.map(({ id }) => id)).toEqual(await questions(rig));
    expect(asked).toMatchObject({ kind: 'waiting', needsPerson: true, session: rig.file.folder });
    await rig.answer();
    await rig.untilWaiting('plan_approval', { leaveDead: true });
    await posts(2);
    const [plan] = hook.accepted[1]?.notifications ?? [];
    expect(plan?.plan).toMatchObject({
      hash: (await rig.readPlan()).hash,
      name: expect.stringMatching(/\.md$/),
    });
    await rig.approve();
    await rig.until(({ status }) => status.kind === 'done', { leaveDead: true });
    await posts(3);
    const [done] = hook.accepted[2]?.notifications ?? [];
    expect(done?.body).toContain('Branch: ');
    expect(kinds()).toEqual(['waiting', 'waiting', 'done']);
    expect(new Set(hook.ids()).size).toBe(3);
    expect(await noticedBy(rig)).toEqual(hook.ids());
    expect(await readFile(join(rig.repo.homeDir, 'got'), 'utf8')).toContain(hook.ids()[0]);
  },
);

async function questions(rig: Awaited<ReturnType<typeof startRig>>): Promise<string[]> {
  const { status } = await rig.state();
  return status.kind === 'waiting' ? status.openQuestions : [];
}
