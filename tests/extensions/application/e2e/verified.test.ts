import { expect, test } from 'vitest';
import { openProof, verifyProof } from '../../../../src/core/acts/proof/verify-proof.act.ts';
import { startRig } from '../../../support/session-rig.ts';
import { endOfWorker } from '../../../support/supervisors.ts';

const SERVER =
  "require('node:http').createServer((_, answer) => answer.end(process.env.GREETING)).listen(process.env.PORT_WEB);";

test.each(['off', 'guard', 'strict'] as const)(
  'with SANDBOX=%s a proof is verified beside services, with the variables of the application',
  async (sandbox) => {
    const CHECK = 'test "$(curl -s "http://localhost:$PORT")" = here';
    const lines = { PORTS: 'web', SERVICE_WEB: 'exec node server.cjs', ENV_GREETING: 'here', CHECK };
    await using rig = await startRig({
      ...{ sandbox, phase: 'done', lines },
      repo: { files: { 'server.cjs': SERVER } },
    });
    await rig.until(({ status }) => status.kind === 'done');
    await endOfWorker(rig);
    const context = rig.context();
    const opened = await openProof({ of: rig.paths.folder, projectDir: rig.repo.path }, context);
    const { signal } = new AbortController();
    const { verified, differences } = await verifyProof(opened, context, { signal });
    expect({ verified, differences }).toEqual({ verified: true, differences: [] });
  },
);
