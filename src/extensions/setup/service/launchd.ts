import { escapedMarkup } from '../../../core/kernel/text.ts';
import type { Service, ServiceWork } from './service-manager.ts';

const LABEL = 'dev.samocode.supervisor';
const DOMAIN = `gui/${process.getuid?.() ?? 501}`;

const launchctl = (...args: string[]) => ({ program: 'launchctl', args });
const bootout = launchctl('bootout', `${DOMAIN}/${LABEL}`);

/** A launchd agent of macOS. */
export const launchdService: Service = {
  name: 'launchd',
  probe: launchctl('version'),
  file: () => ['Library/LaunchAgents', `${LABEL}.plist`],
  text: plistText,
  running: [launchctl('print', `${DOMAIN}/${LABEL}`)],
  start: (path) => [{ ...bootout, mayFail: true }, launchctl('bootstrap', DOMAIN, path)],
  stop: [bootout],
  commandIn(text) {
    const list = /<key>ProgramArguments<\/key>\s*<array>([\s\S]*?)<\/array>/.exec(text)?.[1] ?? '';
    const words = [...list.matchAll(/<string>([^<]*)<\/string>/g)].map(([, word = '']) => word);
    return words.map((word) => word.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'));
  },
  afterwards: 'It runs now and whenever you are logged in.',
};

// Workers outlive the supervisor, so its process group is not killed with it.
function plistText({ command, environment, errors }: ServiceWork): string {
  const words = command.map((word) => `    <string>${escapedMarkup(word)}</string>\n`).join('');
  const variables = Object.entries(environment)
    .map(([name, value]) => `    <key>${name}</key><string>${escapedMarkup(value)}</string>\n`)
    .join('');
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
  <key>Label</key><string>${LABEL}</string>
  <key>ProgramArguments</key><array>
${words}  </array>
  <key>EnvironmentVariables</key><dict>
${variables}  </dict>
  <key>StandardErrorPath</key><string>${escapedMarkup(errors)}</string>
  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
  <key>ThrottleInterval</key><integer>30</integer>
  <key>AbandonProcessGroup</key><true/>
</dict></plist>
`;
}
