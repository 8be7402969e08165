import { expect, test } from 'vitest';
import { TOOLS } from '../../../../src/app/server/tools.ts';
import { makeBench } from '../../../support/bench.ts';
import { ci } from '../../../support/ci.ts';
import { startSession } from '../../../support/start-session.ts';
import { askTool } from '../../unit/server/ask-tool.ts';

const MARK = '01JH0000000000000000000000';

test(
  'inside a session every tool that writes is refused, whatever its arguments, and those that read work',
  ci,
  async () => {
    await using bench = await makeBench();
    const { view } = await startSession({ task: 'x', run: false }, bench.context);
    const inside = { ...bench.context, env: { ...bench.context.env, SAMOCODE_SESSION: MARK } };
    const { n } = (await bench.view(view.folder)).state;
    for (const { name, annotations, input } of TOOLS) {
      const args = 'session' in input.shape ? { session: view.folder } : {};
      const { json } = await askTool(name, name === 'wait' ? { ...args, timeout_s: 0 } : args, inside);
      const refused = [name, json.code === 'inside_session', typeof json.hint === 'string'];
      expect(refused.slice(0, 2)).toEqual([name, !annotations.readOnlyHint]);
      if (annotations.readOnlyHint) continue;
      expect((await askTool(name, { nonsense: 1 }, inside)).json.code).toBe('inside_session');
      expect((await askTool(name, { ...args, confirm: true, to: 0 }, inside)).json.code).toBe(
        'inside_session',
      );
    }
    const after = await bench.view(view.folder);
    expect(after.pendingCommands).toEqual([]);
    expect(after.state).toMatchObject({ status: { kind: 'stopped' } });
    expect(after.state.n).toBeGreaterThanOrEqual(n);
  },
);
