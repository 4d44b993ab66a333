/** EPCIS 2.0 (ISO/IEC 19987:2024): what is asked and answered. */
import Type from 'typebox';
import { Closed, named, PageQuery, Time } from './common.ts';

const uriCharsMax = 1_000;
const Uri = Type.String({ minLength: 1, maxLength: uriCharsMax, examples: ['https://id.gs1.org/01/04006381333931'] });

export const EpcisQuery = Closed({
  eventType: Type.Optional(Type.Enum(['ObjectEvent', 'AggregationEvent'])),
  GE_eventTime: Type.Optional({ ...Time, description: 'Happened at this time or later.' }),
  LT_eventTime: Type.Optional({ ...Time, description: 'Happened before this time.' }),
  EQ_bizStep: Type.Optional(
    Type.String({
      pattern: '^[a-z_]{1,40}$',
      maxLength: 40,
      description: 'A step of CBV 2.0.',
      examples: ['receiving'],
    }),
  ),
  EQ_bizLocation: Type.Optional({ ...Uri, description: 'Exactly this place.' }),
  MATCH_epc: Type.Optional({ ...Uri, description: 'Exactly this parcel or shipment, also as a parent.' }),
  MATCH_epcClass: Type.Optional({ ...Uri, description: 'Exactly this kind of goods.' }),
  ...PageQuery,
});

export const EpcisQueryDocument = named(
  'EpcisQueryDocument',
  Closed({
    '@context': Type.Array(Type.Union([Type.String(), Type.Object({}, { additionalProperties: true })])),
    type: Type.Literal('EPCISQueryDocument'),
    schemaVersion: Type.Literal('2.0'),
    creationDate: Time,
    epcisBody: Closed({
      queryResults: Closed({
        queryName: Type.Literal('SimpleEventQuery'),
        resultsBody: Closed({
          eventList: Type.Array(
            Type.Object(
              {
                type: Type.String(),
                eventID: Type.String(),
                eventTime: Time,
                recordTime: Time,
                eventTimeZoneOffset: Type.String(),
                action: Type.String(),
                bizStep: Type.String(),
                disposition: Type.String(),
              },
              { additionalProperties: true, description: 'An event of EPCIS 2.0 (JSON-LD).' },
            ),
          ),
        }),
      }),
    }),
  }),
);
