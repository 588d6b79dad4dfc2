"""Operations: health, metrics, the start-up check, the services."""
