#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { buildServer } from './build-server.ts';
import { liveWithClient, takeStdout } from './life.ts';
import { StdioTransport } from './stdio-transport.ts';

// Programs lie beside this built file; the modules that use them are bundled into chunks elsewhere.
const programs = {
  worker: fileURLToPath(new URL('./worker.cjs', import.meta.url)),
  rehearsal: fileURLToPath(new URL('./samocode-rehearsal.cjs', import.meta.url)),
};

liveWithClient((code) => process.exit(code));
const wire = takeStdout();

async function loadActions() {
  const [{ systemHost }, { systemClock }, { homedir }] = await Promise.all([
    import('../base/host.ts'),
    import('../base/clock.ts'),
    import('node:os'),
  ]);
  const [host, home, cwd] = [await systemHost(), homedir(), workingFolder()];
  return { host, clock: systemClock, env: process.env, home, cwd, programs };
}

/** A client's folder may be removed under it; whoever names a project is served all the same. */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    return '/';
  }
}

const server = buildServer({ version: __VERSION__, loadActions });

// Every start brings back sessions that have lost their worker; the handshake does not wait for it.
server.oninitialized = () => {
  void lookAfterSessions().catch(() => {
    // The next look at a session does the same.
  });
};

async function lookAfterSessions(): Promise<void> {
  const [actions, context] = await Promise.all([import('../actions/monitor.ts'), loadActions()]);
  await actions.lookAfterSessions({ ...context, by: { channel: 'tool' } });
}

await server.connect(new StdioTransport(process.stdin, wire));
