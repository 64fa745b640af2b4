"""Reports (R30–R36): what clocks came to, counted over a period, weighed against objectives, shown with their proof."""
