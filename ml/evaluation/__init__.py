"""Pure measures of forecasts and of synthetic data; estimators and embedders come as callables."""
