import type { Service, ServiceWork } from './service-manager.ts';

const UNIT = 'samocode-supervisor.service';

const systemctl = (...args: string[]) => ({ program: 'systemctl', args: ['--user', ...args] });

/** A user unit of systemd. */
export const systemdService: Service = {
  name: 'systemd',
  probe: systemctl('show-environment'),
  file: ({ env }) => [env.XDG_CONFIG_HOME || '.config', 'systemd/user', UNIT],
  text: unitText,
  running: [systemctl('is-enabled', UNIT), systemctl('is-active', UNIT)],
  start: () => [
    systemctl('daemon-reload'),
    systemctl('enable', UNIT),
    // After too many failures, systemd does not start the unit again until it is reset.
    { ...systemctl('reset-failed', UNIT), mayFail: true },
    systemctl('restart', UNIT),
  ],
  // Does not wait: stopping can take longer than the time limit of a command.
  stop: [systemctl('disable', '--now', '--no-block', UNIT)],
  commandIn(text) {
    const line = /^ExecStart=(.*)$/m.exec(text)?.[1] ?? '';
    const words = [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = '']) => word);
    return words.map((word) => word.replace(/\\(.)/g, '$1').replaceAll('%%', '%').replaceAll('$$', '$'));
  },
  afterwards:
    'It runs now and whenever you are logged in; after `loginctl enable-linger`, also when you are not.',
};

// Workers outlive the supervisor, so only its own process is ended.
function unitText({ command, environment }: ServiceWork): string {
  const variables = Object.entries(environment).map(([name, value]) => quoted(`${name}=${value}`));
  return `[Unit]
Description=Watches samocode sessions that wait

[Service]
ExecStart=${command.map((word) => quoted(word).replaceAll('$', '$$$$')).join(' ')}
${variables.map((variable) => `Environment=${variable}\n`).join('')}KillMode=process
Restart=on-failure
RestartSec=30

[Install]
WantedBy=default.target
`;
}

// `%` starts a specifier everywhere, even in quotes; `$` starts a variable only in ExecStart.
function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%')}"`;
}
