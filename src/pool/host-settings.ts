import { isAsStrict } from '../project/settings/setting-spec.ts';
import { SETTINGS } from '../project/settings/settings.ts';
import { HostSettings } from '../session/events/bodies/positions.ts';

/**
 * What a session of another machine is run with here: only what this machine's own trusted `.samocode` says is
 * executed, and a safeguard holds that either of them has.
 * @param ofSession what the session was started with
 * @param own what a session started here would be started with
 */
export function hostSettings(ofSession: HostSettings, own: HostSettings): HostSettings {
  const { openings: elsewhere, acp: permitted, proving, permissions, gatePeople: people } = ofSession;
  const { openings, acp } = own;
  const isStricter = isAsStrict(SETTINGS.sandbox, ofSession.sandbox, own.sandbox);
  // Without the keys of a session that a machine does not decide.
  return HostSettings.parse({
    ...own,
    sandbox: isStricter ? ofSession.sandbox : own.sandbox,
    permissions: permissions === 'allow' ? permissions : own.permissions,
    gatePeople: own.gatePeople?.filter((name) => people?.includes(name) ?? true) ?? people,
    proving: { ...own.proving, in: proving.in === 'clone' ? proving.in : own.proving.in },
    openings: {
      // Paths of another machine mean nothing here.
      ...openings,
      sockets: openings.sockets.filter((name) => elsewhere.sockets.includes(name)),
      hosts: openings.hosts.filter((name) => elsewhere.hosts.includes(name)),
      env: openings.env.filter((name) => elsewhere.env.includes(name)),
      ports: openings.ports.filter((port) => elsewhere.ports.includes(port)),
    },
    acp: acp && {
      command: acp.command,
      asks: acp.asks && permitted?.asks,
      withoutGuard: acp.withoutGuard && permitted?.withoutGuard,
    },
  });
}
