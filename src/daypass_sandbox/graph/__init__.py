"""How Microsoft Graph speaks: query options, bodies, pages, permissions, batches and limits, whatever the resource."""
