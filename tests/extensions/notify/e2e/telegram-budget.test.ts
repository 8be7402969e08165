import { expect, test } from 'vitest';
import { ci } from '../../../support/ci.ts';
import { phoneRig } from './phone.ts';

test(
  'Resume of a session whose budget is spent raises no limit, and says why nothing happens',
  ci,
  async () => {
    await using phone = await phoneRig({
      scenario: { rules: [{ when: {}, do: [{ act: 'normal' }] }] },
      lines: { MAX_COST_USD: '0' },
    });
    const { rig, stub } = phone;
    const { n } = await rig.until(({ status }) => status.kind === 'blocked');
    stub.say('/status');
    stub.press(await phone.message('is blocked'), 'Resume');
    await phone.message('The budget is spent: $0.00 of $0.00.');
    const { status } = await rig.state();
    expect(status).toMatchObject({ kind: 'blocked', rule: 'budget' });
    const since = (await rig.events(n)).map(({ type }) => type);
    expect(since).not.toContain('resumed');
    expect(since).not.toContain('iteration_started');
  },
);
