import { expect, test } from 'vitest';
import { resumeSession } from '../../../src/actions/resume-session.ts';
import { statusSentence } from '../../../src/actions/status-sentence.ts';
import { type SessionRig, startRig } from '../../support/session-rig.ts';

/** A stopped session, and where the rehearsal stands in for Claude Code, whose arguments it takes. */
async function stopped(): Promise<SessionRig> {
  const rig = await startRig();
  await rig.untilWaiting('qa_answers');
  await rig.answer();
  await rig.untilWaiting('plan_approval');
  await rig.requestChanges('smaller');
  await rig.stop('now');
  await rig.until(({ status }) => status.kind === 'stopped');
  return rig;
}

function withClaude(rig: SessionRig): ReturnType<SessionRig['context']> {
  const context = rig.context();
  return { ...context, env: { ...context.env, IS_SANDBOX: '1', CLAUDE_PATH: rig.program('rehearsal') } };
}

test('another provider does the work from the resume on, in every phase', async () => {
  await using rig = await stopped();
  const session = rig.file.folder;
  const n = (await rig.state()).n;
  await resumeSession({ session, provider: 'claude', model: 'opus' }, withClaude(rig));
  await rig.until(({ openIteration }) => openIteration !== undefined);
  const started = (await rig.events(n)).find((event) => event.type === 'iteration_started');
  expect(started).toMatchObject({ provider: 'claude', model: 'opus' });
  expect((await rig.state()).chosen).toEqual({
    provider: 'claude',
    model: 'opus',
    cliPath: rig.program('rehearsal'),
  });
});

test('another model alone leaves the provider', async () => {
  await using rig = await stopped();
  const n = (await rig.state()).n;
  await resumeSession({ session: rig.file.folder, model: 'tiny' }, rig.context());
  await rig.until(({ openIteration }) => openIteration !== undefined, { since: n });
  const started = (await rig.events(n)).find((event) => event.type === 'iteration_started');
  expect(started).toMatchObject({ provider: 'rehearsal', model: 'tiny' });
});

test('a provider that is none, or is not installed, is refused and nothing goes on', async () => {
  await using rig = await stopped();
  const session = rig.file.folder;
  const wrong = resumeSession({ session, provider: 'clod' }, rig.context());
  await expect(wrong).rejects.toMatchObject({ code: 'setting_invalid' });
  const env = { ...rig.context().env, CODEX_PATH: '/no/such/codex' };
  const missing = resumeSession({ session, provider: 'codex' }, { ...rig.context(), env });
  await expect(missing).rejects.toMatchObject({ code: expect.stringMatching(/^cli_not_/) });
  expect((await rig.state()).status.kind).toBe('stopped');
});

test('a stop that is on its way is not undone by a resume: it is told, and the session stops', async () => {
  await using rig = await startRig({
    scenario: { rules: [{ when: { iteration: 1 }, do: [{ act: 'hang' }] }] },
  });
  await rig.until(({ openIteration }) => openIteration !== undefined);
  await rig.stop('after_iteration');
  expect(statusSentence(await rig.view())).toContain('is running and stops after this iteration (');
  const early = resumeSession({ session: rig.file.folder }, rig.context());
  await expect(early).rejects.toMatchObject({
    code: 'stop_under_way',
    hint: 'Call wait (until: done), then resume_session.',
  });
  await rig.stop('now');
  await rig.until(({ status }) => status.kind === 'stopped');
  const later = await resumeSession({ session: rig.file.folder }, rig.context());
  expect(later.outcome).toBe('resumed');
});
