// A separate process that imports a session with its log, and may be killed on the way.
import { systemClock } from '../../src/core/kernel/clock.ts';
import { systemHost } from '../../src/core/kernel/processes/host.ts';
import { readSession } from '../../src/core/session/folder/read-session.ts';
import { sessionPaths } from '../../src/core/session/layout/paths.ts';
import { bringLog, elsewhereOf } from '../../src/extensions/import/bring-log.act.ts';

const [sessionsDir = '', folder = ''] = process.argv.slice(2);
const host = await systemHost();
const context = {
  clock: systemClock,
  ...{ host, env: process.env, home: process.env.HOME ?? '', cwd: '/' },
  by: { channel: 'cli' as const },
  programs: { worker: '', rehearsal: '' },
};
const view = await readSession(sessionPaths(sessionsDir, folder), host);
if (view?.otherBuild?.is === 'elsewhere') await bringLog(await elsewhereOf(view, context), context);
