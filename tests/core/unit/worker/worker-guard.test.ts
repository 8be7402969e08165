import { expect, test } from 'vitest';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { WorkerGuard } from '../../../../src/core/worker/state/worker-guard.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { tempLog } from '../../../support/temp-log.ts';

test('the failure of one egress proxy does not open the next one twice', async () => {
  await using dir = await tempDir();
  await using log = await tempLog();
  const { writer } = await log.open();
  const environments = [() => expect.fail('the first one fails')];
  const sample = sessionFileSample({ worktreesDir: dir.path });
  const guard = new WorkerGuard({
    file: { ...sample, settings: { ...sample.settings, provider: 'claude', providers: {} } },
    writer,
    get env() {
      return environments.pop()?.() ?? {};
    },
  } as Partial<Worker> as Worker);
  const failing = guard.egress();
  guard.served = { own: [8080], base: [] };
  const opening = guard.egress();
  await expect(failing).rejects.toThrow('the first one fails');
  const opened = await opening;
  expect(await guard.egress()).toBe(opened);
  await guard.leave({ isOver: true });
});
