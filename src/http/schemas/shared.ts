/** The named schemas: components of the OpenAPI document, referred to by `ref`. */
import { AuditEvent } from './audit.ts';
import { Availability, Item, Warehouse } from './catalogue.ts';
import { DryRun, ProblemDocument, PublicEvent } from './common.ts';
import { StockDiscrepancies } from './discrepancies.ts';
import { Order } from './orders.ts';
import { Shipment, Tracking } from './shipments.ts';
import { ChangesAnswer, Explanation, Reservation, StockLevel, StockLevelAfterFact } from './stock.ts';
import { CreatedEndpoint, Delivery, Endpoint } from './webhooks.ts';

export const sharedSchemas = [
  ProblemDocument,
  PublicEvent,
  DryRun,
  Warehouse,
  Item,
  Availability,
  StockLevel,
  StockLevelAfterFact,
  Reservation,
  Explanation,
  StockDiscrepancies,
  ChangesAnswer,
  Order,
  Shipment,
  Tracking,
  Endpoint,
  CreatedEndpoint,
  Delivery,
  AuditEvent,
];
