import { expect, test } from 'vitest';
import { askTool } from '../../../../app/unit/server/ask-tool.ts';
import { makeServerRig } from '../../../../app/unit/server/server-rig.ts';

test.each(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'])(
  'a call that needs a file of the program that is gone (%s) says that the program was replaced',
  async (code) => {
    await using rig = await makeServerRig({ bare: true });
    const actions = {
      ...rig.context,
      get cwd(): string {
        throw Object.assign(new Error('Cannot find module'), { code });
      },
    };
    const { json, isError } = await askTool('list_sessions', {}, actions);
    expect([isError, json.code]).toEqual([true, 'program_replaced']);
  },
);
