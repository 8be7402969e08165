import type { Implementation } from '@modelcontextprotocol/sdk/types.js';

/** A path of steps from a first dot to one that is ticked off. The bundle for Claude Desktop has it as a picture. */
export const ICON_SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="14" fill="#14213d"/><path d="M14 46h12V32h12V18h10" fill="none" stroke="#8ecae6" stroke-width="5" stroke-linecap="round" stroke-linejoin="round"/><circle cx="14" cy="46" r="6" fill="#8ecae6"/><circle cx="48" cy="18" r="10" fill="#70e000"/><path d="M43.5 18l3.2 3.4 5.800-6.600" fill="none" stroke="#14213d" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/></svg>';

/** What a client shows people about the server. */
export function serverInfo(version: string): Implementation {
  return {
    name: 'samocode',
    title: 'Samocode',
    version,
    description:
      'Runs coding tasks unattended, in sessions that ask their questions, show their plan, and continue when the chat ends.',
    icons: [
      {
        src: `data:image/svg+xml;base64,${Buffer.from(ICON_SVG).toString('base64')}`,
        mimeType: 'image/svg+xml',
        sizes: ['any'],
      },
    ],
  };
}
