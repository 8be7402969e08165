import type { ShownSession } from '../../../../core/acts/reading/watch-sessions.act.ts';
import { isLeftToPerson } from '../../../../core/session/events/rest.ts';
import { heldServices, type ServicesNow } from '../../../../core/session/folder/services-now.ts';
import { type Html, html, type Part } from '../../html/html.ts';
import { identityFields } from '../web-context.ts';

/** The services of a resting session's application: their state, the address, and the buttons; empty without services. */
export async function servicesPart(session: ShownSession): Promise<Part> {
  const { state, sessionFile, worker } = session.view;
  const { application } = state.proving ?? sessionFile?.settings.proving ?? {};
  const isResting = state.openIteration === undefined && isLeftToPerson(state.status.kind);
  if (application === undefined || application.services.length === 0 || !isResting) return undefined;
  const isUp = state.servicesUp !== undefined && worker === 'alive';
  const now = isUp ? await heldServices(session.view) : undefined;
  return html`<form data-act="services" class="services">${identityFields(session)}${isUp && stateOfServices(now)}<p class="buttons">${
    isUp
      ? html`<button name="want" value="down">End the services</button>`
      : html`<button name="want" value="up">Open the app …</button> <span class="note">Starts its services in the session's folder, for 4 hours at most.</span>`
  }</p><output></output></form>`;
}

function stateOfServices(now: ServicesNow | undefined): Html {
  const services = now?.services ?? [];
  if (services.length === 0) return html`<p>The services start.</p>`;
  const isReady = services.every(({ state }) => state === 'ready');
  const address = isReady ? localAddress(now?.url) : undefined;
  return html`${
    address && html`<p><a href="${address}" target="_blank" rel="noreferrer">Open the app: ${address}</a></p>`
  }<ul>${services.map(
    ({ name, state, port, said }) =>
      html`<li><code dir="ltr">${name}</code> ${state}${port !== undefined && `, port ${port}`}${said && html`: <span dir="auto">${said}</span>`}</li>`,
  )}</ul>`;
}

/** The file with the address lies where an agent without a guard can write. */
function localAddress(url: string | undefined): string | undefined {
  return url !== undefined && /^http:\/\/localhost:\d{1,5}\/?$/.test(url) ? url : undefined;
}
