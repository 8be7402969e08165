import { expect, test } from 'vitest';
import { typed } from '../../../app/unit/cli/typed.ts';
import { askTool } from '../../../app/unit/server/ask-tool.ts';
import { answerRead } from '../../../support/as-parent.ts';
import { ci } from '../../../support/ci.ts';
import { startRig } from '../../../support/session-rig.ts';

test(
  'of two parents, and of two terminals, that answer one question, the later one gets the earlier answer with its author, and may replace it',
  ci,
  async () => {
    await using rig = await startRig({ at: 'asking', here: true });
    const { folder } = rig.file;
    const call = async (name: string, args: Record<string, unknown>) =>
      (await askTool(name, args, rig.context('tool'))).json;
    const tool = async (text: string, more: object = {}) =>
      await answerRead(call, { session: folder, answers: { Q1: text }, ...more });
    const { path: cwd, homeDir: home, env } = rig.repo;
    const terminal = (...argv: string[]) =>
      typed(['answer', folder, ...argv], { cwd, home, env, programs: rig.context().programs });

    expect((await tool('first')).summary).toContain('Q1: first');
    expect(await tool('second')).toMatchObject({
      code: 'already_answered',
      message: expect.stringContaining('Q1 was answered first with "first" by the parent model'),
      hint: expect.stringContaining('replace'),
    });
    expect((await tool('third', { replace: true })).summary).toContain('Replaced: Q1: first');

    expect((await terminal('Q1=fourth')).stderr).toContain('answered first with "third"');
    expect((await terminal('Q1=fourth', '--replace')).stdout).toContain('Replaced: Q1: third');
    expect((await terminal('Q1=fifth')).stderr).toContain('with "fourth" by a person, in the terminal');
    expect(await tool('sixth', { replace: true })).toMatchObject({ code: 'already_answered' });
    const { answers } = await rig.state();
    expect(answers).toMatchObject([{ id: 'Q1', text: 'fourth', by: { channel: 'cli' } }]);
  },
);
