/** The tracking page as HTML: it works without scripts, and a few lines of one look again while it is open. */
import { createHash } from 'node:crypto';
import {
  type TrackedParcel,
  type TrackedShipment,
  type TrackedStation,
  type TrackingView,
  trackingSteps,
} from '../reads/trackingView.ts';

const style = `
  :root { color-scheme: light dark; --ink: #1c2530; --paper: #fff; --soft: #eef2f6; --line: #8a97a5; --go: #0b5cad; --quiet: #4a5866; }
  @media (prefers-color-scheme: dark) {
    :root { --ink: #dde4ec; --paper: #14191f; --soft: #222a33; --line: #7b8896; --go: #7ab8f5; --quiet: #a9b6c3; }
  }
  * { box-sizing: border-box; }
  body { margin: 0 auto; max-width: 44rem; padding: 1.5rem 1rem 3rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); overflow-wrap: anywhere; }
  h1 { margin: 0; font-size: 1.6rem; } h2 { margin: 2rem 0 0.5rem; font-size: 1.2rem; } h3 { margin: 1rem 0 0.25rem; font-size: 1rem; }
  p { margin: 0.5rem 0; } .said { font-size: 1.2rem; } .quiet { color: var(--quiet); }
  ol { list-style: none; margin: 0; padding: 0; }
  .steps { display: grid; grid-template-columns: repeat(4, 1fr); gap: 0.5rem; margin-top: 1.5rem; }
  .steps li { border-top: 0.4rem solid var(--line); padding-top: 0.4rem; font-size: 0.95rem; }
  .steps .done, .steps .now { border-top-color: var(--go); } .steps .now { font-weight: 700; }
  .parcel { background: var(--soft); border-radius: 8px; padding: 0.75rem 1rem; margin: 0.75rem 0; } .parcel h3 { margin-top: 0; }
  .stations li { border-left: 2px solid var(--line); padding: 0 0 0.6rem 0.8rem; }
  .stations li:last-child { padding-bottom: 0; }
  time { color: var(--quiet); } a { color: var(--go); } a:focus-visible { outline: 3px solid var(--go); outline-offset: 3px; }
  @media (max-width: 30rem) { .steps { grid-template-columns: 1fr; } .steps li { border-top: 0; border-left: 0.4rem solid var(--line); padding: 0 0 0 0.6rem; } .steps .done, .steps .now { border-left-color: var(--go); } }
`;

/**
 * Looks again every 20 s while somebody looks at it, and puts in what is new; what is said in one sentence is told to
 * screen readers. A parsed page runs no scripts.
 */
const script = `
setInterval(async () => {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
    if (answer.status === 404) return location.reload();
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    for (const id of ['said', 'way']) {
      const now = document.getElementById(id), next = page.getElementById(id);
      if (now && next && now.innerHTML !== next.innerHTML) now.replaceChildren(...next.childNodes);
    }
  } catch {}
}, 20000);
`;

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** The one style and the one script, by their hashes; the script may ask this service, and nothing else from anywhere. */
const policy = [
  "default-src 'none'",
  `style-src ${hashOf(style)}`,
  `script-src ${hashOf(script)}`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The address is a secret: no other site is told it, no search engine keeps it, no cache keeps the page. */
export const trackingHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': policy,
  'referrer-policy': 'no-referrer',
  'x-robots-tag': 'noindex, nofollow',
  'cache-control': 'no-store',
} as const;

const asText = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');

const moment = new Intl.DateTimeFormat('en-GB', {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  timeZone: 'UTC',
});
const timeOf = (at: string): string =>
  `<time datetime="${asText(at)}">${asText(moment.format(new Date(at)))} UTC</time>`;

const page = (title: string, body: string, scripts: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<main>
${body}
</main>${scripts}
</body>
</html>
`;

const stepClass = (index: number, step: number): string =>
  index < step ? ' class="done"' : index === step ? ' class="now" aria-current="step"' : '';
const stepState = (index: number, step: number): string =>
  index < step || (index === step && step === trackingSteps.length - 1) ? ' (done)' : index === step ? ' (now)' : '';

const stepsOf = (step: number | null): string =>
  step === null
    ? ''
    : `<ol class="steps" aria-label="Steps">
${trackingSteps.map((name, index) => `<li${stepClass(index, step)}>${name}${stepState(index, step)}</li>`).join('\n')}
</ol>`;

const boxesOf = ({
  boxes: { total, delivered },
  isMoreToCome,
}: Pick<TrackingView, 'boxes' | 'isMoreToCome'>): string => {
  if (total === 0) return '';
  const told = `${delivered} of ${total} ${total === 1 ? 'box has' : 'boxes have'} arrived`;
  return `<p>${isMoreToCome ? `${told} so far; more are to come` : told}.</p>`;
};

const stationOf = ({ words, place, at }: TrackedStation): string =>
  `<li>${words}${place === null ? '' : `, ${asText(place)}`}<br>${timeOf(at)}</li>`;

const parcelOf = ({ words, boxes, stations }: TrackedParcel, index: number): string => `<div class="parcel">
<h3>Parcel ${index + 1}: ${words}</h3>
${boxes === 1 ? '' : `<p>${boxes} boxes</p>`}
${stations.length === 0 ? '<p class="quiet">No report yet.</p>' : `<ol class="stations">\n${stations.map(stationOf).join('\n')}\n</ol>`}
</div>`;

const shipmentOf = ({ carrier, dispatchedAt, parcels }: TrackedShipment, index: number): string => `<section>
<h2>Shipment ${index + 1}${carrier === null ? '' : ` with ${asText(carrier)}`}</h2>
<p>Left our warehouse on ${timeOf(dispatchedAt)}</p>
${parcels.map(parcelOf).join('\n')}
</section>`;

export const trackingPage = ({ headline, step, city, placedAt, shipments, ...boxes }: TrackingView): string =>
  page(
    'Your order',
    `<h1>Your order</h1>
<p class="said" id="said" role="status">${headline}</p>
<div id="way">
${boxesOf(boxes)}
<p class="quiet">Ordered on ${timeOf(placedAt)}${city === null ? '' : `, to ${asText(city)}`}</p>
${stepsOf(step)}
${shipments.map(shipmentOf).join('\n')}
</div>
<p><a href="">Look again</a></p>`,
    `\n<script>${script}</script>`,
  );

/** Unknown, expired and revoked addresses look the same. */
export const noTrackingPage = page(
  'Nothing here',
  `<h1>Nothing here</h1>
<p>This address leads to no order, or it has expired. Please ask the shop for a new one.</p>`,
  '',
);
