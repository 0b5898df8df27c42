//! Bitrix24 REST client.
