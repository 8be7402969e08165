import { projectRows } from '../../../core/project/settings/project-rows.ts';
import { isAsStrict } from '../../../core/project/settings/setting-spec.ts';
import { HostSettings } from '../../../core/session/events/bodies/positions.ts';

/**
 * The settings with which a session from another machine runs here. Only commands from this machine's trusted
 * `.samocode` are executed, and a safeguard applies if either the session or this machine has it.
 * @param ofSession the settings with which the session was started
 * @param own the settings with which a session would be started here
 */
export function hostSettings(ofSession: HostSettings, own: HostSettings): HostSettings {
  const { openings: theirs, acp: permitted, proving, permissions, gatePeople: people } = ofSession;
  const { openings, acp } = own;
  const { sandbox, permissions: row } = projectRows();
  const isStricter = isAsStrict(sandbox, ofSession.sandbox, own.sandbox);
  const grantsLess = isAsStrict(row, permissions, own.permissions);
  // Parsing drops the settings that do not depend on the machine.
  return HostSettings.parse({
    ...own,
    sandbox: isStricter ? ofSession.sandbox : own.sandbox,
    // Whether a gateway passes a reviewer's questions on is known here alone.
    ...(grantsLess && { permissions }),
    gatePeople: own.gatePeople?.filter((name) => people?.includes(name) ?? true) ?? people,
    proving: { ...own.proving, in: proving.in === 'clone' ? proving.in : own.proving.in },
    openings: {
      // Paths of another machine mean nothing here.
      ...openings,
      sockets: openings.sockets.filter((name) => theirs.sockets.includes(name)),
      hosts: openings.hosts.filter((name) => theirs.hosts.includes(name)),
      env: openings.env.filter((name) => theirs.env.includes(name)),
      ports: openings.ports.filter((port) => theirs.ports.includes(port)),
    },
    acp: acp && {
      command: acp.command,
      asks: acp.asks && permitted?.asks,
      withoutGuard: acp.withoutGuard && permitted?.withoutGuard,
    },
  });
}
