import { expect, test } from 'vitest';
import { viewFacts } from '../../../../src/core/session/words/facts.ts';
import { ci } from '../../../support/ci.ts';
import { startRig } from '../../../support/session-rig.ts';

test(
  'a session with an identity in the environment of its start keeps it under a worker that has none',
  ci,
  async () => {
    const who = { GIT_AUTHOR_NAME: 'Ada', GIT_AUTHOR_EMAIL: 'ada@example.invalid' };
    const firstEnv = { ...who, GIT_COMMITTER_NAME: 'Ada', GIT_COMMITTER_EMAIL: 'ada@example.invalid' };
    const commits = [
      { act: 'edit', path: 'boat.txt', text: 'x\n' },
      { act: 'commit', subject: 'Add a boat' },
      { act: 'signal-file', text: '{"status":"continue","phase":"requirements"}' },
      { act: 'result' },
    ];
    await using rig = await startRig({
      repo: { anonymous: true },
      firstEnv,
      start: { run: false },
      scenario: { rules: [{ when: { iteration: 1 }, do: commits }] },
    });
    expect(rig.file.settings.gitIdentity).toEqual(firstEnv);
    const commitsAs = 'Ada <ada@example.invalid> (from the environment at the start)';
    expect(viewFacts(await rig.view()).commitsAs).toBe(commitsAs);
    await rig.resume();
    await rig.untilWaiting('qa_answers');
    const { branch } = rig.file.settings;
    expect(await rig.repo.git(['log', '-1', '--format=%s %an <%ae>', branch])).toBe(
      'Add a boat Ada <ada@example.invalid>',
    );
  },
);
