/** docs/access.md, from the policy table, what each role sees of an order, the sandbox clients, and the routes. */
import { type Operation, policies, type Rule } from '../src/domain/access/policy.ts';
import { type Role, roles } from '../src/domain/access/principal.ts';
import { visibleFieldsByRole } from '../src/domain/access/visibleFields.ts';
import { sandboxClients } from '../src/infra/oidc/claims.ts';

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
const code = (text: string): string => `\`${text}\``;

/** `GET /v1/orders/{orderId}` of each operation, from the OpenAPI document. */
const requestsIn = (document: string): ReadonlyMap<string, string> => {
  const { paths } = JSON.parse(document) as {
    readonly paths: { readonly [path: string]: { readonly [method: string]: { readonly operationId?: string } } };
  };
  return new Map(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { operationId }]) =>
        operationId === undefined ? [] : [[operationId, `${method.toUpperCase()} ${path}`] as const],
      ),
    ),
  );
};

const mayOf = (role: Role, { roles: allowed, sensitive, peopleOnly }: Rule): string => {
  if (!allowed.includes(role)) return '';
  if (peopleOnly === true) return 'people only: step-up';
  if (sensitive === undefined) return 'yes';
  return sensitive === 'for_administrators_too' && role === 'admin' ? 'step-up' : 'people: step-up';
};

const operationRows = (document: string): readonly (readonly string[])[] => {
  const requests = requestsIn(document);
  return (Object.keys(policies) as Operation[]).map((operation) => {
    const rule: Rule = policies[operation];
    const request = operation === 'getMetrics' ? 'GET /metrics' : requests.get(operation);
    if (request === undefined) throw new Error(`no route of the document has the operation ${operation}`);
    return [code(request), rule.scopes.map(code).join(' or '), rule.whose, ...roles.map((role) => mayOf(role, rule))];
  });
};

const sightRows = roles.map((role) => {
  const { contact, shipTo, prices, words, notes } = visibleFieldsByRole[role];
  return [code(role), ...[contact, shipTo, prices, words, notes].map((sees) => (sees ? 'yes' : ''))];
});

const clientRows = sandboxClients(['BER', 'PAR']).map(({ clientId, roles: held, scopes, warehouses, ...ids }) => [
  code(clientId),
  held.map(code).join(' '),
  scopes.map(code).join(' '),
  [
    ...(warehouses === undefined ? [] : [`warehouses ${warehouses.join(', ')} (\`SANDBOX_WAREHOUSES\`)`]),
    ...(ids.partnerId === undefined ? [] : [`partnerId ${ids.partnerId}`]),
    ...(ids.customerId === undefined ? [] : [`customerId ${ids.customerId}`]),
    ...(ids.steppedUp === undefined ? [] : ['step-up']),
  ].join('; '),
]);

/** `document`: the OpenAPI document as text. */
export const accessPage = (document: string): string => `# Who may do what

Written by \`npm run openapi\` from \`src/domain/access/policy.ts\` and \`visibleFields.ts\` beside it; do not edit it by hand.

A request needs a token with one of the scopes and one of the roles of its row; the scope \`admin\` stands for every scope.
\`step-up\`: it needs an authentication of the last 15 minutes with a phishing-resistant method (\`acr\` is \`phr\` or
\`phrh\`), else the answer is 401 \`STEP_UP_REQUIRED\`, whose challenge says what would do (RFC 9470). \`people: step-up\`:
it needs that of people; a client with credentials of its own (\`sub\` is its \`client_id\`) needs the scope instead.
\`people only\`: no such client may, whatever its scopes (403 \`PERSON_REQUIRED\`). What is missing is told with 403
\`SCOPE_MISSING\` or \`ROLE_NOT_ALLOWED\`.

## Operations

${table(['request', 'scope', 'whose', ...roles.map(code)], operationRows(document))}

## Whose

A role reaches all there is, or a part. What is not reached is answered with 404, as if it did not exist.

- \`warehouse\` (stocks and shipments): \`warehouse_staff\` and \`partner\` reach the warehouses in the token
  (\`warehouses\`), others all.
- \`order\`: \`warehouse_staff\` and \`partner\` reach orders that have a part in their warehouses, and of such an order that
  part; \`customer\` the orders of the token's \`customerId\`; others all.
- \`endpoint\`: \`partner\` and \`service\` reach their own webhook endpoints, \`admin\` all.
- \`nobody\`: whoever may, reaches all.

A list holds what the caller reaches. A token with several roles acts in the widest of them that may.

## What is shown of an order

${table(['role', 'name, e-mail, phone', 'address', 'prices', "couriers' words", 'notes in history'], sightRows)}

## Sandbox clients

The secret of each is \`sandbox\`. Their tokens last an hour.

${table(['client', 'role', 'scopes', 'besides'], clientRows)}
`;
